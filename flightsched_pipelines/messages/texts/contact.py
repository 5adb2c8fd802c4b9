"""The last sentence of a message: where its reader asks."""

from flightsched_pipelines.messages.models import Contact


def questions(school: str, contact: Contact) -> str:
    """Return how to reach the school; empty if it has given no way."""
    if contact.phone and contact.reply_to:
        return f"Questions? Call {school} at {contact.phone}, or reply to this email."
    if contact.phone:
        return f"Questions? Call {school} at {contact.phone}."
    return f"Questions? Reply to this email; {school} will read it." if contact.reply_to else ""
