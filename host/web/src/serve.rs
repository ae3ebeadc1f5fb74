//! Listening: the one place that binds the router to a socket.

use crate::deps::WebDeps;
use crate::route::router;
use std::future::Future;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Serves the desk on a listener until `stop` resolves; then lets requests that are under way end. Live streams end when
/// [`WebDeps::stopping`] turns true, which should be said first.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    deps: WebDeps,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(deps).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}
