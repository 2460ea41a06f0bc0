"""One module a command. Each holds ``command`` or, for a group, ``app``, and imports nothing heavy at the top."""
