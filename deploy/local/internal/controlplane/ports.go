package controlplane

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Ports come from below Linux's range for outgoing connections (32768 and up), so that no client of another process takes
// one between the moment it was found free and the moment its component listens.
const (
	firstPort = 20_000
	lastPort  = 32_767
)

// freePorts returns different ports that nobody listens on.
func freePorts(count int) ([]int, error) {
	var result []int
	for _, offset := range rand.Perm(lastPort - firstPort + 1) {
		if len(result) == count {
			return result, nil
		}
		port := firstPort + offset
		listener, err := net.Listen("tcp", addressOf(port))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			return nil, err
		}
		result = append(result, port)
	}
	return nil, fmt.Errorf("only %d of %d ports between %d and %d are free", len(result), count, firstPort, lastPort)
}

func addressOf(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}

func urlOf(scheme string, port int) string {
	return scheme + "://" + addressOf(port)
}
