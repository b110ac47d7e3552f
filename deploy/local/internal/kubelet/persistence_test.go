package kubelet

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestARequestIsSentUntilItIsAnswered(t *testing.T) {
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		switch {
		case string(body) != "patch":
			t.Errorf("body is %q", body)
		case tries.Add(1) == 1:
			panic(http.ErrAbortHandler) // cuts the connection
		case tries.Load() == 2:
			writer.WriteHeader(http.StatusServiceUnavailable)
		default:
			writer.WriteHeader(http.StatusConflict)
		}
	}))
	defer server.Close()
	client := &http.Client{Transport: persistent{http.DefaultTransport}}
	response, err := client.Post(server.URL, "text/plain", strings.NewReader("patch"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusConflict || tries.Load() != 3 {
		t.Errorf("got %s after %d tries, want 409 after 3", response.Status, tries.Load())
	}
}

func TestARequestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		cancel()
		writer.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := persistent{http.DefaultTransport}.RoundTrip(request)
	if err == nil {
		defer response.Body.Close()
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
