"""The joint choice of alternatives: constraints, a greedy rule, a linear bound and CP-SAT, per connected component."""
