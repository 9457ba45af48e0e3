"""What a gateway may ask for: use of data and models, never what oversight or management hold."""

from accounts.permissions import Permission as P

GUARDED = (P.READ, P.DOWNLOAD, P.UPLOAD, P.EDIT, P.APPROVE_VERSION, P.INVOKE, P.DEPLOY)

# An admin holds `discover` and `review` everywhere: a route that rested on one of them would let
# its author through.
CHOICES = [(permission.value, permission.label) for permission in GUARDED]
