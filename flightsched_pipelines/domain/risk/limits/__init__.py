"""The limits that apply: minimums as rows, those in force for a booking, and what a school has loosened."""
