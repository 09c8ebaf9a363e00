"""The doors: HTTP in, HTTP out. Each reads its request, asks a room below, and writes the answer."""
