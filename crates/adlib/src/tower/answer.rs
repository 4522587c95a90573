//! What goes back to the client.

use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
};

use super::{Denial, Page, Rejection, page::Pages};

/// The response to a request that is not let through. It holds the rejection for whoever is around the layer, and
/// nothing of it for the client.
pub(super) fn denied<B: From<String>>(
    rejection: Rejection,
    challenges: Vec<HeaderValue>,
    pages: &Pages,
) -> Response<B> {
    let status = rejection.status();
    let Page { content_type, body } = (pages.0)(denial(&rejection));
    let mut response = Response::new(B::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        for challenge in challenges {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
    }
    response.extensions_mut().insert(rejection);
    response
}

fn denial(rejection: &Rejection) -> Denial {
    match rejection {
        Rejection::NoCredentials | Rejection::Continued => Denial::SignInNeeded,
        Rejection::NotAdmitted => Denial::NotAdmitted,
        _ if rejection.status() == StatusCode::SERVICE_UNAVAILABLE => Denial::Unavailable,
        _ => Denial::Refused,
    }
}
