"""The pure core: requests in, requests out; bytes in, events out. No clock, ids, network, disk or log."""
