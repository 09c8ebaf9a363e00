"""What the doors take and answer, as an OpenAPI document made from the records. Pure, and knows no door's code."""
