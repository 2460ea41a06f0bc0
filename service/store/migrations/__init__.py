"""The one history of the tables, for both databases. Inside the package, so that an installed wheel has it."""
