"""What programs call: `/ask`, `/search`, the tools of `/mcp`, `/healthz` and `/metrics`."""
