"""Asset checks: what must hold of an hour's rows, and what ops should hear of."""
