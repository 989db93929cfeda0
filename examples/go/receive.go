// Takes the proxy's events, verifies them, and prints what the agent says, with nothing but Go's standard library.
//
//	WEBHOOK_PORT=9080 EVENTS_URL=http://127.0.0.1:8080 npm run sandbox    in one terminal
//	go run examples/go/receive.go    in another; then write as the agent, on the desk: http://127.0.0.1:3001
//
// PORT: of this app. EVENTS_SECRET: the one of the proxy, if it has one.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

type event struct {
	Type string
	Data struct {
		Text   string
		Sender struct{ Kind string }
	}
}

// Standard Webhooks: the signature covers the id, a time that is not long ago, and the bytes of the body.
func isSigned(headers http.Header, body []byte) bool {
	secret, signs := os.LookupEnv("EVENTS_SECRET")
	at, _ := strconv.ParseInt(headers.Get("webhook-timestamp"), 10, 64)
	if isOld := math.Abs(time.Since(time.Unix(at, 0)).Seconds()) > 300; isOld || !signs {
		return !signs
	}
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	digest := hmac.New(sha256.New, key)
	fmt.Fprintf(digest, "%s.%d.%s", headers.Get("webhook-id"), at, body)
	right := []byte("v1," + base64.StdEncoding.EncodeToString(digest.Sum(nil)))
	for _, one := range strings.Fields(headers.Get("webhook-signature")) {
		if hmac.Equal([]byte(one), right) {
			return true
		}
	}
	return false
}

func receive(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var received event
	if err != nil || !isSigned(request.Header, body) || json.Unmarshal(body, &received) != nil {
		writer.WriteHeader(http.StatusUnauthorized)
		return
	}
	// An event comes at least once: a real app ignores an id that it knows, and a conversation that is not its own.
	if received.Type == "message.created" && received.Data.Sender.Kind == "agent" {
		fmt.Println("agent:", received.Data.Text)
	}
	// Any 2xx says that the event is ours now. If it must not be lost, store it before this line.
	writer.WriteHeader(http.StatusNoContent)
}

func main() {
	port, isSet := os.LookupEnv("PORT")
	if !isSet {
		port = "8080"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, http.HandlerFunc(receive)))
}
