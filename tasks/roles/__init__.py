"""What each role asks and checks: one module a role, its prompt, its request, its checks."""
