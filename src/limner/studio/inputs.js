// Pictures that a person gives along: dropped, pasted or picked, with previews, and how to take them out again.

import { make, show } from "./dom.js";
import { say } from "./words.js";

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"];
const MAX_BYTES = 20 * 1024 * 1024;
const MAX_FILES = 14;

function readDataUri(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

/** What is wrong with a file, in words; "" if nothing is. Some systems know no type for HEIC. */
function check(file, count) {
  if (!TYPES.includes(file.type) && !/\.hei[cf]$/i.test(file.name)) return say("draw.inputs.type", { name: file.name });
  if (file.size > MAX_BYTES) return say("draw.inputs.size", { name: file.name });
  return count >= MAX_FILES ? say("draw.inputs.many", { count: MAX_FILES }) : "";
}

/** Whether the browser can read it; HEIC, which most cannot, is the gateway's to judge. */
async function isPicture(file) {
  if (!["image/png", "image/jpeg", "image/webp"].includes(file.type)) return true;
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}

/** Return `{ element, take, clear, set, close }`; `take()` gives the files as `{ name, dataUri }`, `keep` hears of each change. */
export function makeInputs(zone, keep) {
  const files = [];
  const heard = make("p", { class: "unseen", role: "status" });
  const list = make("ul", { class: "inputs", "aria-label": say("draw.inputs.list") });
  const trouble = make("p", { class: "trouble", role: "alert" });
  const picker = make("input", { type: "file", accept: TYPES.join(","), multiple: true, hidden: true, onchange: () => { add([...picker.files]); picker.value = ""; } });
  const pick = make("button", { type: "button", onclick: () => picker.click() }, say("draw.inputs.add"));

  let isOpen = true;
  let reading = null;

  /** Take files one after the other, also those that come while others are being read. */
  function add(given) {
    const now = Promise.resolve(reading).then(() => addAll(given)).finally(() => { if (reading === now) reading = null; });
    reading = now;
  }

  /** Return whether all of them could be taken. */
  async function addAll(given) {
    const wrongs = [];
    for (const file of given) {
      const wrong = check(file, files.length) || ((await isPicture(file)) ? "" : say("draw.inputs.broken", { name: file.name }));
      const dataUri = wrong ? "" : await readDataUri(file).catch(() => "");
      if (!isOpen) return false;
      if (dataUri) files.push({ name: file.name, url: URL.createObjectURL(file), dataUri });
      else wrongs.push(wrong || say("draw.inputs.broken", { name: file.name }));
    }
    show(trouble, wrongs.map((wrong) => make("span", {}, wrong)));
    render();
    show(heard, files.length ? say("draw.inputs.count", { count: files.length }) : null);
    return !wrongs.length;
  }

  function render() {
    show(list, files.map((file) => make("li", {},
      make("img", { src: file.url, alt: file.name }),
      make("button", { type: "button", "aria-label": say("draw.inputs.remove", { name: file.name }), onclick: () => remove(file) }, "×"))));
    list.hidden = !files.length;
    keep(take());
  }

  const take = () => files.map(({ name, dataUri }) => ({ name, dataUri }));

  function remove(file) {
    URL.revokeObjectURL(file.url);
    files.splice(files.indexOf(file), 1);
    render();
    pick.focus();
  }

  function letGo() {
    while (files.length) URL.revokeObjectURL(files.pop().url);
  }

  function set(kept) {
    letGo();
    for (const { name, dataUri } of kept) files.push({ name, dataUri, url: dataUri });
    show(trouble);
    render();
  }

  const stop = listen(zone, add);
  list.hidden = true;
  return {
    element: make("div", { class: "giving" }, heard, list, make("div", {}, pick, picker, make("span", { class: "hint" }, say("draw.inputs.hint"))), trouble),
    take,
    set,
    /** Wait for what is being read; return whether all of it could be. */
    settle: () => reading ?? true,
    clear: () => set([]),
    close: () => { isOpen = false; stop(); letGo(); },
  };
}

/** Take files that are dropped or pasted anywhere in the page, the zone showing where they go; returns what ends that. */
function listen(zone, add) {
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const hover = (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    zone.classList.toggle("hovered", event.type === "dragover" || event.type === "dragenter");
  };
  const drop = (event) => {
    if (!carriesFiles(event)) return;
    hover(event);
    add([...event.dataTransfer.files]);
  };
  const paste = (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  };
  const heard = { dragover: hover, dragleave: hover, drop, paste };
  for (const [name, listener] of Object.entries(heard)) addEventListener(name, listener);
  return () => Object.entries(heard).forEach(([name, listener]) => removeEventListener(name, listener));
}
