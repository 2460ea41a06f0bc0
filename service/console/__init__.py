"""The console: pages a person reads, made from the same answers the interface gives. Works without JavaScript."""
