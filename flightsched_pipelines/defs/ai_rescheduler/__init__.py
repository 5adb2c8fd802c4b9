"""Assets of group ``ai_rescheduler``: candidates, plan and proposals."""
