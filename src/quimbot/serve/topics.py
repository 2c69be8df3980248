"""What a tutor asks first when the learner has chosen what to talk about; plain English of B1."""

OPENINGS = {
    "day": "What did you do today?",
    "food": "What was the best thing you ate this week?",
    "people": "Who do you talk to most in your family, and what about?",
    "work": "What did you do at work this week?",
    "study": "What are you learning at the moment, and how is it going?",
    "places": "Tell me about a place you went to last year. What was it like?",
    "films": "Which film or song did you like last, and why?",
    "plans": "What would you like to do next summer?",
}
"""By the page's own topics; a tutor may bring others, in words of its own."""


def opening(topic: str) -> str:
    """The question to begin with."""
    return OPENINGS.get(topic) or f"Let's talk about this: {topic}. What comes to your mind first?"
