/*
 * Takes the proxy's events, verifies them, and prints what the agent says. Java's own HTTP server, and Jackson for JSON.
 *   WEBHOOK_PORT=9080 EVENTS_URL=http://127.0.0.1:8080 npm run sandbox    in one terminal
 *   java -cp '/usr/share/java/*' examples/java/Receive.java    in another, with Debian's libjackson2-databind-java;
 * then write as the agent, on the desk: http://127.0.0.1:3001
 * PORT: of this app. EVENTS_SECRET: the one of the proxy, if it has one.
 */
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Receive {
  static final ObjectMapper json = new ObjectMapper();
  static final String secret = System.getenv("EVENTS_SECRET");

  /** Standard Webhooks: the signature covers the id, a time that is not long ago, and the bytes of the body. */
  static boolean isSigned(Headers headers, byte[] body) throws GeneralSecurityException {
    if (secret == null) return true;
    var id = headers.getFirst("webhook-id");
    var at = headers.getFirst("webhook-timestamp");
    var given = headers.getFirst("webhook-signature");
    if (id == null || given == null || at == null || !at.matches("\\d{1,12}")) return false;
    if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(at)) > 300) return false;
    var key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update((id + "." + at + ".").getBytes(UTF_8));
    var right = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(UTF_8);
    var isOne = false;
    for (var one : given.split(" ")) isOne |= MessageDigest.isEqual(one.getBytes(UTF_8), right);
    return isOne;
  }

  static int take(Headers headers, byte[] body) throws IOException {
    try {
      if (!isSigned(headers, body)) return 401;
    } catch (GeneralSecurityException cause) {
      throw new IOException(cause);
    }
    var event = json.readTree(body);
    var isFromAgent = event.at("/data/sender/kind").asText().equals("agent");
    // An event comes at least once: a real app ignores an id that it knows, and a conversation that is not its own.
    if (event.get("type").asText().equals("message.created") && isFromAgent) {
      System.out.println("agent: " + event.at("/data/text").asText());
    }
    // Any 2xx says that the event is ours now. If it must not be lost, store it before this line.
    return 204;
  }

  static void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var body = exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(take(exchange.getRequestHeaders(), body), -1);
    }
  }

  public static void main(String[] args) throws IOException {
    var port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", Receive::handle);
    server.start();
    System.out.println("listening on " + server.getAddress().getPort());
  }
}
