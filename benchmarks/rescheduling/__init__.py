"""Measure the quality of the joint choice, next to first-come and regret greedy, on instances with known optima."""
