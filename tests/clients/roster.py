"""All clients under test, by name, each with the output that its recipe in docs/clients.md names."""

from cherry_studio import CONVERSE_CHERRY_STUDIO, converse_collapsed
from client import Client
from curl import CONVERSE_CURL
from librechat import CONVERSE_LIBRECHAT
from litellm_client import CONVERSE_LITELLM, CONVERSE_LITELLM_STREAM
from lobechat import CONVERSE_LOBECHAT, CONVERSE_LOBECHAT_TEXT
from nextchat import converse_nextchat
from node_clients import converse_node
from open_webui import CONVERSE_OPEN_WEBUI, CONVERSE_OPEN_WEBUI_LONG_LINES
from python_clients import (
    CONVERSE_LANGCHAIN,
    CONVERSE_LANGCHAIN_STREAM,
    CONVERSE_OPENAI_STREAM,
    converse_llm,
    converse_openai,
    keep_content,
    keep_dump,
    keep_message,
    show_beside,
)

MODALITIES = ["text", "image"]

CLIENTS = {
    "openai-python": Client("auto", converse_openai(keep_content)),
    "openai-python-stream": Client("auto", CONVERSE_OPENAI_STREAM),
    "openai-python-link": Client("url", converse_openai(keep_content)),
    "openai-python-message": Client(
        "auto", converse_openai(keep_message, show_beside, modalities=MODALITIES)
    ),
    "openai-python-model-dump": Client("images", converse_openai(keep_dump, show_beside)),
    "openai-node": Client("auto", converse_node("edit_openai", "openai", is_stream=False)),
    "openai-node-stream": Client("auto", converse_node("edit_openai", "openai", is_stream=True)),
    "ai-sdk": Client("url", converse_node("edit_ai_sdk", "ai", is_stream=False)),
    "ai-sdk-stream": Client("markdown", converse_node("edit_ai_sdk", "ai", is_stream=True)),
    "ai-sdk-openrouter": Client(
        "images", converse_node("edit_openrouter", "@openrouter/ai-sdk-provider", is_stream=False)
    ),
    "ai-sdk-openrouter-stream": Client(
        "images", converse_node("edit_openrouter", "@openrouter/ai-sdk-provider", is_stream=True)
    ),
    "langchain-python": Client("url", CONVERSE_LANGCHAIN),
    "langchain-python-stream": Client("markdown", CONVERSE_LANGCHAIN_STREAM),
    "langchain-node": Client("images", converse_node("edit_langchain", "@langchain/openai", is_stream=False)),
    "langchain-node-stream": Client(
        "url", converse_node("edit_langchain", "@langchain/openai", is_stream=True)
    ),
    "litellm": Client("images", CONVERSE_LITELLM),
    "litellm-stream": Client("images", CONVERSE_LITELLM_STREAM),
    "llm": Client("url", converse_llm),
    "curl": Client("auto", CONVERSE_CURL),
    "open-webui-markdown": Client("markdown", CONVERSE_OPEN_WEBUI),
    "open-webui-url": Client("url", CONVERSE_OPEN_WEBUI),
    "open-webui-images": Client("images", CONVERSE_OPEN_WEBUI_LONG_LINES),
    "lobechat-images": Client("images", CONVERSE_LOBECHAT),
    "lobechat-url": Client("url", CONVERSE_LOBECHAT_TEXT),
    "cherry-studio": Client("images", CONVERSE_CHERRY_STUDIO),
    "cherry-studio-collapsed": Client("images", converse_collapsed, is_collapsed=True),
    "nextchat": Client("url", converse_nextchat),
    "librechat": Client("url", CONVERSE_LIBRECHAT),
}
