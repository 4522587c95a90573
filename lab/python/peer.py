#!/usr/bin/python3
"""A GSS peer that is not ours, driven line by line.

usage: peer.py initiate|accept OPTION...

It reads one request a line and answers each with one line. Bytes are in
hexadecimal, `-` stands for none.

  step TOKEN           ok 0|1 TOKEN          1: the context is established
  wrap 0|1 MESSAGE     ok TOKEN              1: sealed
  unwrap TOKEN         ok 0|1 MESSAGE
  mic MESSAGE          ok MIC
  verify MESSAGE MIC   ok
  about                ok INITIATOR TARGET MECHANISM FLAGS DELEGATED KEY
  pac                  ok PAC                of the ticket that an acceptor got

What the library refuses is `error KIND MESSAGE TOKEN`: the name of its
exception, its text, and the token that it wants to be sent.
"""

import argparse
import importlib
import os
import sys
import tempfile

# The sources are no place for compiled modules.
sys.dont_write_bytecode = True


def parse(args):
    """The options, the same for every library; each takes those that it knows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("role", choices=["initiate", "accept"])
    parser.add_argument("--library", choices=["mit", "pyspnego", "impacket"], default="mit")
    parser.add_argument("--mechanism", choices=["krb5", "ntlm", "spnego"], default="krb5")
    parser.add_argument("--offer", action="append", choices=["krb5", "ntlm"], default=[],
                        help="inside of SPNEGO, in this order")
    parser.add_argument("--name", help="the initiator's principal, or DOMAIN\\user for NTLM")
    parser.add_argument("--password")
    parser.add_argument("--ccache", help="tickets to use in place of a password")
    parser.add_argument("--service", help="as in HTTP/host")
    parser.add_argument("--keytab", help="the acceptor's keys")
    parser.add_argument("--account", action="append", default=[],
                        help="DOMAIN:user:password that an acceptor of NTLM knows")
    parser.add_argument("--flags", type=int, default=0, help="those of RFC 2744, added up")
    parser.add_argument("--bindings", type=bytes.fromhex,
                        help="application data of the channel bindings")
    parser.add_argument("--replay-cache", help="file; without it, replays are not noticed")
    parser.add_argument("--libdefault", action="append", default=[],
                        help="NAME=VALUE that goes before the realm's krb5.conf")
    return parser.parse_args(args)


def prepare(options, directory):
    """Set what the C libraries read from the environment."""
    if options.libdefault:
        path = os.path.join(directory, "krb5.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[libdefaults]\n%s\n" % "\n".join(options.libdefault))
        os.environ["KRB5_CONFIG"] = path + ":" + os.environ["KRB5_CONFIG"]
    if options.keytab:
        os.environ["KRB5_KTNAME"] = options.keytab
    if options.account:
        path = os.path.join(directory, "accounts")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(options.account) + "\n")
        os.environ["NTLM_USER_FILE"] = path
    cache = "file2:" + options.replay_cache if options.replay_cache else "none:"
    os.environ["KRB5RCACHENAME"] = cache


def show(value):
    """A value as a word of an answer."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        value = value.encode()
    return value.hex() or "-"


def read(word):
    return b"" if word == "-" else bytes.fromhex(word)


def answer(peer, verb, words):
    if verb == "step":
        return peer.step(read(words[0]))
    if verb == "wrap":
        return [peer.wrap(read(words[1]), words[0] == "1")]
    if verb == "unwrap":
        return peer.unwrap(read(words[0]))
    if verb == "mic":
        return [peer.mic(read(words[0]))]
    if verb == "verify":
        peer.verify(read(words[0]), read(words[1]))
        return []
    if verb == "about":
        return peer.about()
    if verb == "pac":
        return [peer.pac()]
    raise ValueError("no request %r" % verb)


def serve(options):
    library = importlib.import_module("with_" + options.library)
    peer = None
    for line in sys.stdin:
        verb, *words = line.split()
        try:
            # Made here, so that a credential that cannot be had is an answer.
            peer = peer or library.Peer(options)
            reply = ["ok"] + [show(value) for value in answer(peer, verb, words)]
        except Exception as error:  # pylint: disable=broad-except
            token = getattr(error, "token", None) or b""
            reply = ["error", type(error).__name__, show(str(error)), show(token)]
        print(" ".join(reply), flush=True)


def main():
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="adlib-peer-") as directory:
        prepare(options, directory)
        serve(options)


if __name__ == "__main__":
    main()
