/*
 * Opens a conversation and sends a message, with a safe retry. Java's own HTTP client, and Jackson for JSON.
 *   npm run sandbox    in one terminal
 *   java -cp '/usr/share/java/*' examples/java/Send.java    in another, with Debian's libjackson2-databind-java
 * PROXY_URL, API_KEY: of the proxy.
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

class Send {
  static final ObjectMapper json = new ObjectMapper();
  static final HttpClient client = HttpClient.newHttpClient();
  static final String proxy = System.getenv().getOrDefault("PROXY_URL", "http://127.0.0.1:3000");
  static final String consumer = "java-" + UUID.randomUUID();

  /** `delivery` says whether LiveEngage may have acted: `unknown` or `not-sent`. */
  static class Refused extends IOException {
    Refused(JsonNode problem) {
      super(problem.get("code").asText() + ", delivery: " + problem.get("delivery").asText());
    }
  }

  /** The same key at each attempt: however often it is tried, LiveEngage gets it once. */
  static JsonNode post(String path, Object body) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(proxy + path))
        .timeout(Duration.ofSeconds(15))
        .headers("Content-Type", "application/json", "X-LP-Consumer-Id", consumer)
        .headers("Idempotency-Key", UUID.randomUUID().toString())
        .headers("X-API-Key", System.getenv().getOrDefault("API_KEY", ""))
        .POST(BodyPublishers.ofByteArray(json.writeValueAsBytes(body)))
        .build();
    for (int attempt = 1; ; attempt++) {
      long wait = 200L << attempt;
      try {
        var answer = client.send(request, BodyHandlers.ofByteArray());
        var result = json.readTree(answer.body());
        if (answer.statusCode() < 300) return result;
        if (attempt == 5 || !result.get("retryable").asBoolean()) throw new Refused(result);
        wait = answer.headers().firstValueAsLong("Retry-After").orElse(0) * 1000 + 200;
      } catch (Refused refused) {
        throw refused;
      } catch (IOException noAnswer) {
        // It may have been sent, and the key makes a retry safe.
        if (attempt == 5) throw noAnswer;
      }
      Thread.sleep(wait);
    }
  }

  public static void main(String[] args) throws Exception {
    var conversation = post("/conversations", Map.of()).get("conversationId").asText();
    System.out.println("opened " + conversation);
    var sent = post("/conversations/" + conversation + "/messages", Map.of("text", "Hi"));
    System.out.println("sent " + sent.get("sequence").asInt());
  }
}
