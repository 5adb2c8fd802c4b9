"""How good the joint choice is, beside first-come and regret greedy, on instances whose optima are known."""
