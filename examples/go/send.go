// Opens a conversation and sends a message, with a safe retry and nothing but Go's standard library.
// First npm run sandbox, in another terminal: go run examples/go/send.go.
// PROXY_URL, API_KEY: of the proxy.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// What the proxy answers: a success, or a problem.
type answer struct {
	ConversationID, Code, Delivery string
	Sequence                       int
	Retryable                      bool
}

var (
	proxy    = os.Getenv("PROXY_URL")
	client   = http.Client{Timeout: 15 * time.Second}
	consumer = "go-" + randomID()
)

func randomID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return fmt.Sprintf("%x", id)
}

// The same key at each attempt: however often it is tried, LiveEngage gets it once.
func post(path, body string) answer {
	key := randomID()
	for attempt := 1; ; attempt++ {
		result, wait, err := try(path, body, key)
		if err == nil && result.Code == "" {
			return result
		}
		// No answer: it may have been sent, and the key makes a retry safe.
		if attempt == 5 || err == nil && !result.Retryable {
			log.Fatalf("%s, delivery: %s %v", result.Code, result.Delivery, err)
		}
		time.Sleep(wait + 100*time.Millisecond<<attempt)
	}
}

// One attempt, and how long the proxy says to wait.
func try(path, body, key string) (result answer, wait time.Duration, err error) {
	request, err := http.NewRequest("POST", proxy+path, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "X-Lp-Consumer-Id": {consumer},
		"Idempotency-Key": {key}, "X-Api-Key": {os.Getenv("API_KEY")}}
	response, err := client.Do(request)
	if err != nil {
		return result, 0, err
	}
	defer response.Body.Close()
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	err = json.NewDecoder(response.Body).Decode(&result)
	return result, time.Duration(seconds) * time.Second, err
}

func main() {
	if proxy == "" {
		proxy = "http://127.0.0.1:3000"
	}
	conversation := post("/conversations", "{}").ConversationID
	fmt.Println("opened", conversation)
	fmt.Println("sent", post("/conversations/"+conversation+"/messages", `{"text":"Hi"}`).Sequence)
}
