//! Against the lab's controller, through a network that misbehaves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use adlib_core::{Password, UnixTime};
use adlib_kdc::{Endpoint, KdcTicketSource, Service, TicketError, TicketRequest, TicketSource};
use adlib_lab::{Corp, corp};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UdpSocket},
    time::sleep,
};

/// How one transport behaves on the way to the controller.
#[derive(Clone, Copy)]
enum Way {
    /// What is sent arrives nowhere.
    Blocked,
    /// Nobody is there, and the network says so.
    Closed,
    Slow(Duration),
    /// Answers come, from a port that nobody asked.
    FromElsewhere,
}

/// An address that leads to the controller, or does not.
async fn network(controller: SocketAddr, udp: Way, tcp: Way) -> Endpoint {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
            break (listener, socket);
        }
    };
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(carry_datagrams(socket, controller, udp));
    if !matches!(tcp, Way::Closed) {
        tokio::spawn(carry_connections(listener, controller, tcp));
    }
    Endpoint::parse("127.0.0.1", port).unwrap()
}

async fn carry_datagrams(socket: UdpSocket, controller: SocketAddr, way: Way) {
    if matches!(way, Way::Closed) {
        return;
    }
    let elsewhere = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut bytes = vec![0; 65_536];
    loop {
        let (length, client) = socket.recv_from(&mut bytes).await.unwrap();
        if matches!(way, Way::Blocked) {
            continue;
        }
        let onward = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        onward.send_to(&bytes[..length], controller).await.unwrap();
        let (length, _) = onward.recv_from(&mut bytes).await.unwrap();
        let back = match way {
            Way::FromElsewhere => &elsewhere,
            Way::Slow(pause) => {
                sleep(pause).await;
                &socket
            }
            Way::Blocked | Way::Closed => unreachable!("left above"),
        };
        back.send_to(&bytes[..length], client).await.unwrap();
    }
}

async fn carry_connections(listener: TcpListener, controller: SocketAddr, way: Way) {
    let mut silent = Vec::new();
    while let Ok((mut client, _)) = listener.accept().await {
        match way {
            Way::Slow(pause) => {
                tokio::spawn(async move {
                    sleep(pause).await;
                    let mut onward = TcpStream::connect(controller).await.unwrap();
                    // A client that leaves is none of our concern.
                    let _ = copy_bidirectional(&mut client, &mut onward).await;
                });
            }
            _ => silent.push(client),
        }
    }
}

fn controller(corp: &Corp) -> SocketAddr {
    (corp.ip, Service::Kerberos.port()).into()
}

async fn sign_in(corp: &Corp, kdcs: &[Endpoint], deadline: Duration) -> Result<(), TicketError> {
    let source = KdcTicketSource::new(|| {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        UnixTime::from_seconds(0).saturating_add(since_1970)
    });
    let password = Password::from(corp.user_password.as_str());
    let request = TicketRequest {
        account: "ada",
        realm: &corp.realm,
        secret: (&password).into(),
        service: &corp.http_service,
        kdcs,
        deadline,
    };
    source.service_ticket(request).await.map(|_| ())
}

const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);

/// R6: where udp is blocked, tcp serves.
#[tokio::test]
async fn udp_is_blocked() {
    let corp = corp();
    let kdc = network(controller(&corp), Way::Blocked, Way::Slow(Duration::ZERO)).await;
    sign_in(&corp, &[kdc], DEADLINE).await.unwrap();
}

/// R6: an answer that comes late is an answer, until the deadline.
#[tokio::test]
async fn the_kdc_is_slow() {
    let corp = corp();
    let kdc = network(controller(&corp), Way::Slow(PAUSE), Way::Slow(PAUSE)).await;
    sign_in(&corp, std::slice::from_ref(&kdc), DEADLINE)
        .await
        .unwrap();
    let error = sign_in(&corp, &[kdc], PAUSE / 2).await.unwrap_err();
    assert!(matches!(error, TicketError::Unreachable(_)), "{error:?}");
}

/// R6: a KDC that is stopped is passed over; if there is no other, the attempts are in the error.
#[tokio::test]
async fn the_kdc_is_stopped() {
    let corp = corp();
    let stopped = network(controller(&corp), Way::Closed, Way::Closed).await;
    let running = Endpoint::parse(&corp.ip.to_string(), Service::Kerberos.port()).unwrap();
    sign_in(&corp, &[stopped.clone(), running], DEADLINE)
        .await
        .unwrap();
    let error = sign_in(&corp, &[stopped], Duration::from_secs(2))
        .await
        .unwrap_err();
    let TicketError::Unreachable(unreachable) = error else {
        panic!("{error:?}");
    };
    assert!(!unreachable.tried.is_empty());
}

/// A67: what another address answers is not seen, though it is what the controller said; tcp serves.
#[tokio::test]
async fn a67_the_answer_comes_from_another_address() {
    let corp = corp();
    let deaf = network(controller(&corp), Way::FromElsewhere, Way::Blocked).await;
    let error = sign_in(&corp, &[deaf], Duration::from_secs(3)).await.unwrap_err();
    assert!(matches!(error, TicketError::Unreachable(_)), "{error:?}");
    let heard = network(controller(&corp), Way::FromElsewhere, Way::Slow(Duration::ZERO)).await;
    sign_in(&corp, &[heard], DEADLINE).await.unwrap();
}
