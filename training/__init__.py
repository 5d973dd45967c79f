"""Makes what the product ships as weights: collects rows and fits heads. No part of the product."""
