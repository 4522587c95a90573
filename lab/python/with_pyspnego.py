"""pyspnego's own NTLM and SPNEGO, in Python."""

import spnego
from spnego.channel_bindings import GssChannelBindings

FLAGS = {1: spnego.ContextReq.delegate, 2: spnego.ContextReq.mutual_auth,
         4: spnego.ContextReq.replay_detect, 8: spnego.ContextReq.sequence_detect,
         16: spnego.ContextReq.confidentiality, 32: spnego.ContextReq.integrity,
         8192: spnego.ContextReq.identify}
OIDS = {"ntlm": "1.3.6.1.4.1.311.2.2.10", "kerberos": "1.2.840.113554.1.2.2"}


class Peer:
    def __init__(self, options):
        if options.mechanism == "krb5":
            raise NotImplementedError("without C libraries it has no Kerberos")
        bindings = None
        if options.bindings is not None:
            bindings = GssChannelBindings(application_data=options.bindings)
        requested = spnego.ContextReq.none
        for bit, flag in FLAGS.items():
            if options.flags & bit:
                requested |= flag
        arguments = {"channel_bindings": bindings, "context_req": requested}
        if options.mechanism == "ntlm":
            arguments.update(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        else:
            arguments.update(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
        service, _, host = (options.service or "host/unspecified").partition("/")
        arguments.update(service=service, hostname=host)
        if options.role == "initiate":
            self.context = spnego.client(options.name, options.password, **arguments)
        else:
            self.context = spnego.server(**arguments)

    def step(self, token):
        token = self.context.step(token or None) or b""
        return [self.context.complete, token]

    def wrap(self, message, sealed):
        return self.context.wrap(message, encrypt=sealed).data

    def unwrap(self, token):
        unwrapped = self.context.unwrap(token)
        return [unwrapped.encrypted, unwrapped.data]

    def mic(self, message):
        return self.context.sign(message)

    def verify(self, message, mic):
        self.context.verify(message, mic)

    def about(self):
        context = self.context
        flags = sum(bit for bit, flag in FLAGS.items() if context.context_attr & flag)
        return [context.client_principal or "", context.spn or "",
                OIDS[context.negotiated_protocol], str(flags), "", context.session_key]

    def pac(self):
        raise NotImplementedError("NTLM has no PAC")
