package kubelet

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// persistent sends a request again until the API server answers it: kubelets outlast one that is away, and kwok gives up
// too early. All their writes say the same when they are sent twice.
type persistent struct {
	next http.RoundTripper
}

// RoundTrip tries until there is an answer that is no server error, or the request's context ends.
func (p persistent) RoundTrip(request *http.Request) (*http.Response, error) {
	pause := wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 6, Cap: 2 * time.Second}
	for {
		response, err := p.next.RoundTrip(request)
		if err == nil && response.StatusCode < http.StatusInternalServerError {
			return response, nil
		}
		select {
		case <-request.Context().Done():
			return response, err
		case <-time.After(pause.Step()):
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			if err := response.Body.Close(); err != nil {
				return nil, err
			}
		}
		if request.GetBody != nil {
			request = request.Clone(request.Context())
			if request.Body, err = request.GetBody(); err != nil {
				return nil, fmt.Errorf("send %s again: %w", request.URL, err)
			}
		}
	}
}
