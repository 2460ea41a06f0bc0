"""Who may do what: tenants, users, keys and roles; what was done is in the audit log.

``service.accounts.roles`` is the closed list of roles and permissions; ``service.accounts.audit`` writes down what must
be answered for.
"""
