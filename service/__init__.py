"""Everything that touches the world: files, store, releases, HTTP, console, command line."""
