"""Every page there is, with what its first heading says. A page that is missing here fails a test."""

PAGES: dict[str, str] = {
    "/": "Needs",
    "/needs/need-1": "Electricity for a hill village",
    "/needs/need-1/with/cap-1": "Small hydropower turbines",
    "/needs/need-1/with/cap-1?lift=true": "Small hydropower turbines",
    "/needs/need-1/compare?with=cap-1&with=cap-hostile": "Compare partners",
    "/needs/need-1/what-if": "What if …",
    "/needs/need-1/what-if?gate_mode=off&trl_min=5&accept=training": "What if …",
    "/capabilities/cap-1": "Small hydropower turbines",
    "/?country=LDC": "Needs",
    "/search?q=water": "Search",
    "/needs/need-1/cases": "What worked in similar places",
    "/pipeline": "Pipeline",
    "/import": "Import records",
    "/capabilities": "Capabilities",
    "/organisations": "Organisations",
    "/organisations/org-1": "Organisation org-1",
    "/mechanisms": "Funding",
    "/facilitators": "Facilitators",
    "/cases": "Cases",
    "/portfolio": "Portfolio",
    "/dormant": "Partners to wake",
    "/map": "Needs and partners by country",
    "/clusters": "Clusters of needs",
    "/unserved": "Unserved needs",
    "/docs": "Interface",
    "/needs/nothing": "This cannot be shown",
}
OPEN: dict[str, str] = {"/sign-in": "Sign in"}
"""Pages for those who are not signed in."""
