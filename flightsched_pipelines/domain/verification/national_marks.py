"""Published marks of national TAFs, of ceilings below 1,000 ft and visibilities below 3 SM."""

POD_PERCENT = (56, 63)
FAR_PERCENT = (39, 46)

MARKED = (("ceiling", 1_000.0), ("visibility", 3.0))
"""The events that the marks are of."""

SENTENCE = (
    f"To stand beside: national TAFs reach a POD of {POD_PERCENT[0]} to {POD_PERCENT[1]} % and an FAR of "
    f"{FAR_PERCENT[0]} to {FAR_PERCENT[1]} % at 1,000 ft and 3 SM."
)
