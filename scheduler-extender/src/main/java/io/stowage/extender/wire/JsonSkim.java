package io.stowage.extender.wire;

import io.stowage.extender.names.JsonWords;

/**
 * Passes over JSON values in bytes, and finds that they are well formed, without making anything of
 * them. What it accepts is valid JSON by RFC 8259 and within the limits of Jackson's parser; what
 * is not, or comes near those limits, it leaves to that parser.
 *
 * <p>Arrays must be readable for {@link JsonWords#BYTES} beyond the end of the document.
 */
final class JsonSkim {
  /** What is returned where it gives up. */
  static final int GIVEN_UP = -1;

  private static final int HEX_DIGITS = 4;
  private static final int MAX_DEPTH = Long.SIZE;
  private static final int MAX_NUMBER_CHARS = 100;
  private static final int MAX_STRING_BYTES = 1 << 20;
  private static final int MAX_KEY_BYTES = 10_000;

  private JsonSkim() {}

  /** Returns where the next byte is that is no white space; may be the end. */
  static int space(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end
        && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
      at++;
    }
    return at;
  }

  /** Passes over the value that begins at {@code from}; returns the index behind it. */
  static int value(byte[] bytes, int from, int end) {
    long objects = 0; // a bit for each level: whether it is an object
    int depth = 0;
    int at = from;
    while (true) {
      // A value begins here.
      if (at >= end) {
        return GIVEN_UP;
      }
      byte first = bytes[at];
      if (first == '{' || first == '[') {
        if (depth == MAX_DEPTH) {
          return GIVEN_UP;
        }
        boolean object = first == '{';
        objects = objects << 1 | (object ? 1 : 0);
        depth++;
        at = space(bytes, at + 1, end);
        if (at >= end) {
          return GIVEN_UP;
        }
        if (bytes[at] != (object ? '}' : ']')) {
          at = object ? key(bytes, at, end) : at;
          if (at == GIVEN_UP) {
            return GIVEN_UP;
          }
          continue;
        }
        at++;
        depth--;
        objects >>>= 1;
      } else {
        at = scalar(bytes, at, end);
        if (at == GIVEN_UP) {
          return GIVEN_UP;
        }
      }
      // A value ends here.
      while (depth > 0) {
        at = space(bytes, at, end);
        if (at >= end) {
          return GIVEN_UP;
        }
        boolean object = (objects & 1) != 0;
        byte next = bytes[at];
        if (next == ',') {
          at = space(bytes, at + 1, end);
          at = object ? key(bytes, at, end) : at;
          break;
        }
        if (next != (object ? '}' : ']')) {
          return GIVEN_UP;
        }
        at++;
        depth--;
        objects >>>= 1;
      }
      if (depth == 0 || at == GIVEN_UP) {
        return at;
      }
    }
  }

  /** Passes over a key and its colon; returns where the value begins. */
  private static int key(byte[] bytes, int from, int end) {
    int at = string(bytes, from, end);
    return at == GIVEN_UP || at - from > MAX_KEY_BYTES ? GIVEN_UP : colon(bytes, at, end);
  }

  /** Passes over a colon and the spaces around it. */
  static int colon(byte[] bytes, int from, int end) {
    int at = space(bytes, from, end);
    return at < end && bytes[at] == ':' ? space(bytes, at + 1, end) : GIVEN_UP;
  }

  private static int scalar(byte[] bytes, int at, int end) {
    return switch (bytes[at]) {
      case '"' -> string(bytes, at, end);
      case 't' -> literal(bytes, at, end, "true");
      case 'f' -> literal(bytes, at, end, "false");
      case 'n' -> literal(bytes, at, end, "null");
      default -> number(bytes, at, end);
    };
  }

  /** Passes over a literal; returns the index behind it. */
  static int literal(byte[] bytes, int from, int end, String text) {
    if (end - from < text.length()) {
      return GIVEN_UP;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[from + i] != text.charAt(i)) {
        return GIVEN_UP;
      }
    }
    return from + text.length();
  }

  private static int number(byte[] bytes, int from, int end) {
    int at = from < end && bytes[from] == '-' ? from + 1 : from;
    int digits = digits(bytes, at, end);
    if (digits == at || (bytes[at] == '0' && digits > at + 1)) {
      return GIVEN_UP;
    }
    at = digits;
    if (at < end && bytes[at] == '.') {
      digits = digits(bytes, at + 1, end);
      if (digits == at + 1) {
        return GIVEN_UP;
      }
      at = digits;
    }
    if (at < end && (bytes[at] | 0x20) == 'e') {
      at++;
      at += at < end && (bytes[at] == '+' || bytes[at] == '-') ? 1 : 0;
      digits = digits(bytes, at, end);
      if (digits == at) {
        return GIVEN_UP;
      }
      at = digits;
    }
    return at - from > MAX_NUMBER_CHARS ? GIVEN_UP : at;
  }

  private static int digits(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    return at;
  }

  /** Passes over the string whose quotation mark is at {@code from}; returns the index behind. */
  static int string(byte[] bytes, int from, int end) {
    if (from >= end || bytes[from] != '"') {
      return GIVEN_UP;
    }
    int at = from + 1;
    while (at < end) {
      long special = JsonWords.specials(JsonWords.word(bytes, at));
      if (special == 0) {
        at += JsonWords.BYTES;
        continue;
      }
      at += Long.numberOfTrailingZeros(special) >>> 3;
      if (at >= end) {
        return GIVEN_UP;
      }
      byte found = bytes[at];
      if (found == '"') {
        return at - from > MAX_STRING_BYTES ? GIVEN_UP : at + 1;
      } else if (found == '\\') {
        at = escape(bytes, at + 1, end);
      } else {
        at = found < 0 ? utf8(bytes, at, end) : GIVEN_UP;
      }
      if (at == GIVEN_UP) {
        return GIVEN_UP;
      }
    }
    return GIVEN_UP;
  }

  private static int escape(byte[] bytes, int at, int end) {
    if (at >= end) {
      return GIVEN_UP;
    }
    return switch (bytes[at]) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at + 1;
      case 'u' -> hexDigits(bytes, at + 1, end);
      default -> GIVEN_UP;
    };
  }

  private static int hexDigits(byte[] bytes, int from, int end) {
    if (end - from < HEX_DIGITS) {
      return GIVEN_UP;
    }
    for (int i = from; i < from + HEX_DIGITS; i++) {
      int letter = bytes[i] | 0x20;
      if (!(bytes[i] >= '0' && bytes[i] <= '9') && !(letter >= 'a' && letter <= 'f')) {
        return GIVEN_UP;
      }
    }
    return from + HEX_DIGITS;
  }

  /** Passes over a character beyond ASCII (Unicode, table 3-7: well-formed UTF-8). */
  private static int utf8(byte[] bytes, int at, int end) {
    int lead = bytes[at] & 0xFF;
    int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || end - at < length) {
      return GIVEN_UP;
    }
    int second = bytes[at + 1] & 0xFF;
    int least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < least || second > most) {
      return GIVEN_UP;
    }
    for (int i = 2; i < length; i++) {
      if ((bytes[at + i] & 0xC0) != 0x80) {
        return GIVEN_UP;
      }
    }
    return at + length;
  }
}
