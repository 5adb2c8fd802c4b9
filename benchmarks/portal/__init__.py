"""Speed and memory of the portal: pages, the dispatch board, sign-in, and the live stream."""
