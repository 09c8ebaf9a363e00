"""The page at `/`: HTML, CSS and JavaScript, served as they lie here. No Python but this line."""
