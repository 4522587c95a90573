//! A controller that can be taken away, and overheard: what comes between it and the application.

use std::{
    mem,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
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
    heard: Heard,
    task: JoinHandle<()>,
}

/// What clients sent, connection by connection.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

impl Proxy {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((server.ip(), 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let state = Arc::new(AtomicU8::new(State::Up as u8));
        let heard = Heard::default();
        let task = tokio::spawn(serve(listener, server, state.clone(), heard.clone()));
        Self {
            at,
            state,
            heard,
            task,
        }
    }

    /// What clients sent since the last call, connection by connection; nothing of those that were quiet.
    pub(crate) fn take_heard(&self) -> Vec<Vec<u8>> {
        let mut heard = self.heard.lock().unwrap();
        let all = heard.iter_mut().map(mem::take);
        all.filter(|sent| !sent.is_empty()).collect()
    }

    /// Wait until nothing comes any more: the end of a connection is sent behind the sign-in.
    pub(crate) async fn until_quiet(&self) {
        let length = || self.heard.lock().unwrap().iter().map(Vec::len).sum::<usize>();
        let mut before = None;
        while before != Some(length()) {
            before = Some(length());
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
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

async fn serve(listener: TcpListener, server: SocketAddr, state: Arc<AtomicU8>, heard: Heard) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(carry(client, server, state.clone(), heard.clone()));
    }
}

async fn carry(client: TcpStream, server: SocketAddr, state: Arc<AtomicU8>, heard: Heard) {
    let is = |wanted: State| state.load(Ordering::SeqCst) == wanted as u8;
    let mut both = None;
    if is(State::Up) {
        let server = TcpStream::connect(server).await.unwrap();
        let number = {
            let mut heard = heard.lock().unwrap();
            heard.push(Vec::new());
            heard.len() - 1
        };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let taken_away = async {
            while is(State::Up) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let listen = |bytes: &[u8]| heard.lock().unwrap()[number].extend(bytes);
        let mut up = (from_client, to_server);
        let mut down = (from_server, to_client);
        tokio::select! {
            _ = async { tokio::join!(pass(&mut up, listen), pass(&mut down, |_| {})) } => return,
            () = taken_away => {}
        }
        // Held open: silent, not closed.
        both = Some((up, down));
    }
    while is(State::Silent) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(both);
}

/// Pass on whatever comes, until there is an end.
async fn pass((from, to): &mut (OwnedReadHalf, OwnedWriteHalf), mut listen: impl FnMut(&[u8])) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        listen(&bytes[..length]);
        if to.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
