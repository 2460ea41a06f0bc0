"""Every page there is, with what its first heading says. A page that is missing here fails a test."""

PAGES: dict[str, str] = {
    "/": "Needs",
    "/needs/need-1": "Electricity for a hill village",
    "/capabilities/cap-1": "Small hydropower turbines",
    "/clusters": "Clusters of needs",
    "/unserved": "Unserved needs",
    "/docs": "Interface",
    "/needs/nothing": "This cannot be shown",
}
OPEN: dict[str, str] = {"/sign-in": "Sign in"}
"""Pages for those who are not signed in."""
