"""What the forms of the education tab may offer: plain data."""

from typing import Any, Final

_CAREER_FIELDS = {
    "Agriculture and food": "agronomist, brewer, food technologist",
    "Arts and design": "illustrator, set designer, potter",
    "Building and architecture": "architect, carpenter, surveyor",
    "Business and management": "project lead, founder, office manager",
    "Care and social work": "social worker, carer, youth worker",
    "Communication and media": "journalist, editor, sound engineer",
    "Computing": "programmer, database administrator, tester",
    "Education": "teacher, tutor, librarian",
    "Energy and environment": "solar fitter, ecologist, grid planner",
    "Engineering": "machinist, civil engineer, electrician",
    "Finance": "accountant, actuary, loan officer",
    "Health": "nurse, pharmacist, physiotherapist",
    "Hospitality and tourism": "chef, hotel manager, guide",
    "Law and public safety": "paralegal, firefighter, mediator",
    "Logistics and transport": "dispatcher, pilot, train driver",
    "Public administration": "town clerk, policy analyst, statistician",
    "Sales and marketing": "buyer, market researcher, shopkeeper",
    "Science": "chemist, laboratory technician, geologist",
}

EDUCATION_FIELDS: Final[dict[str, Any]] = {
    "education_goals": [
        "Find work that suits me",
        "Change to another profession",
        "Get on in the work I have",
        "Earn more",
        "Finish what I began",
        "Prepare for further study",
        "Learn for its own sake",
        "Be of use to others",
    ],
    "employment_status": ["Full-time", "Part-time", "Seeking work", "Unemployed"],
    "potential_career_fields": [
        {"field_name": name, "examples": examples} for name, examples in _CAREER_FIELDS.items()
    ],
}
