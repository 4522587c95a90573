//! A name server on loopback, for tests of what DNS says.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
};

use crate::fail;

const A: u16 = 1;
const SRV: u16 = 33;
/// Where the question is in a message (RFC 1035 4.1.1).
const HEAD: usize = 12;

/// Starts a name server for which every controller and KDC of every domain is `host`, at `at`; returns where it listens.
///
/// # Panics
/// When it cannot listen.
#[must_use]
pub fn name_server(host: &str, at: Ipv4Addr) -> SocketAddr {
    let bound = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let bound = bound.and_then(|socket| Ok((socket.local_addr()?, socket)));
    let (address, socket) = bound.unwrap_or_else(|error| fail(&format!("no name server: {error}")));
    let host = labels(host);
    thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut bytes) {
            let answer = bytes
                .get(..length)
                .and_then(|question| answer(question, &host, at));
            if let Some(answer) = answer {
                drop(socket.send_to(&answer, client));
            }
        }
    });
    address
}

/// The answer to a message with one question.
fn answer(message: &[u8], host: &[u8], at: Ipv4Addr) -> Option<Vec<u8>> {
    let question = message.get(HEAD..)?;
    let name = question.iter().position(|byte| *byte == 0)? + 1;
    let asked = question.get(..name + 4)?;
    let kind = u16::from_be_bytes(*question.get(name..)?.first_chunk()?);
    let srv = |port: u16| record(SRV, &[&[0, 0, 0, 100][..], &port.to_be_bytes(), host].concat());
    let found = match kind {
        SRV if asked.starts_with(b"\x05_ldap") => srv(389),
        SRV => srv(88),
        A => record(A, &at.octets()),
        _ => Vec::new(),
    };
    let counts = [0, 1, 0, u8::from(!found.is_empty()), 0, 0, 0, 0];
    let head = [message.get(..2)?, &[0x85, 0x80], &counts].concat();
    Some([&head, asked, &found].concat())
}

/// A record of the name in the question, class IN, for a minute (RFC 1035 4.1.3).
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = data.len().to_be_bytes();
    let (_, length) = length.split_at(length.len() - 2);
    let head = [&[0xc0, 12][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60], length].concat();
    [&head, data].concat()
}

/// A name as the wire has it (RFC 1035 3.1).
fn labels(name: &str) -> Vec<u8> {
    let mut labels: Vec<u8> = name
        .split('.')
        .flat_map(|label| {
            let length = u8::try_from(label.len()).unwrap_or_else(|_| fail("a label that is too long"));
            [&[length], label.as_bytes()].concat()
        })
        .collect();
    labels.push(0);
    labels
}
