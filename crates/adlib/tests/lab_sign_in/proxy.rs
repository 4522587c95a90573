//! A controller that can be taken away: what comes between it and the application.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// What becomes of connections, those that are open included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    /// Every connection is closed.
    Down,
    /// Nothing comes back.
    Silent,
}

/// In front of a server, at the same address and another port.
pub(crate) struct Proxy {
    pub(crate) at: SocketAddr,
    state: Arc<AtomicU8>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((server.ip(), 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let state = Arc::new(AtomicU8::new(State::Up as u8));
        let task = tokio::spawn(serve(listener, server, state.clone()));
        Self { at, state, task }
    }

    pub(crate) fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, state: Arc<AtomicU8>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(carry(client, server, state.clone()));
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, state: Arc<AtomicU8>) {
    let is = |wanted: State| state.load(Ordering::SeqCst) == wanted as u8;
    if is(State::Up) {
        let mut server = TcpStream::connect(server).await.unwrap();
        let taken_away = async {
            while is(State::Up) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            () = taken_away => {}
        }
    }
    while is(State::Silent) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
