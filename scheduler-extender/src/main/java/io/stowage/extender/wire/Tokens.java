package io.stowage.extender.wire;

import io.stowage.extender.kube.InvalidObjectException;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.exc.MismatchedInputException;

/** What the tokens of a request have to be, and the sentence about those that are not. */
final class Tokens {
  /** As Kubernetes limits the names of its objects. */
  static final int MAX_NAME_CHARS = 253;

  private Tokens() {}

  /** Returns the current property's name in lower case and steps to its value. */
  static String key(JsonParser parser) {
    String name = parser.currentName();
    parser.nextToken();
    return name.toLowerCase(Locale.ROOT);
  }

  static boolean enterObject(JsonParser parser, String field) throws MalformedRequestException {
    return enter(parser, JsonToken.START_OBJECT, field);
  }

  static boolean enterArray(JsonParser parser, String field) throws MalformedRequestException {
    return enter(parser, JsonToken.START_ARRAY, field);
  }

  static boolean enter(JsonParser parser, JsonToken start, String field)
      throws MalformedRequestException {
    if (parser.currentToken() == start) {
      return true;
    }
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return false;
    }
    throw new MalformedRequestException(
        field + ": expected " + describe(start) + ", was " + describe(parser.currentToken()));
  }

  static String text(JsonParser parser, String field) throws MalformedRequestException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return "";
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw new MalformedRequestException(
          field + ": expected a string, was " + describe(parser.currentToken()));
    }
    return parser.getString();
  }

  static String required(String field, String text) throws InvalidObjectException {
    if (text.isEmpty()) {
      throw new InvalidObjectException(field, "expected a name, was none");
    }
    if (text.length() > MAX_NAME_CHARS || text.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidObjectException(
          field,
          "expected a name of at most "
              + MAX_NAME_CHARS
              + " printable characters, was a text of "
              + text.length());
    }
    return text;
  }

  static MalformedRequestException notJson(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    return new MalformedRequestException(
        "body: expected JSON"
            + (location == null ? "" : ", at byte " + location.getByteOffset())
            + ": "
            + e.getOriginalMessage());
  }

  static InvalidObjectException invalid(String root, JacksonException e) {
    StringBuilder path = new StringBuilder(root);
    for (JacksonException.Reference reference : e.getPath()) {
      if (reference.getPropertyName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append('.').append(reference.getPropertyName());
      }
    }
    return new InvalidObjectException(path.toString(), "expected " + expected(e));
  }

  static String expected(JacksonException e) {
    if (!(e instanceof MismatchedInputException mismatch) || mismatch.getTargetType() == null) {
      return "a value of another form";
    }
    Class<?> type = mismatch.getTargetType();
    if (Collection.class.isAssignableFrom(type)) {
      return "an array";
    } else if (type == String.class) {
      return "a string";
    } else if (Number.class.isAssignableFrom(type)
        || (type.isPrimitive() && type != boolean.class)) {
      return "a number";
    } else if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    return "an object";
  }

  static String describe(@Nullable JsonToken token) {
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
      case VALUE_TRUE, VALUE_FALSE -> "true or false";
      case VALUE_NULL -> "null";
      default -> "something else";
    };
  }
}
