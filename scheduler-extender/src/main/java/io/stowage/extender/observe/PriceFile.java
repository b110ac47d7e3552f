package io.stowage.extender.observe;

import io.stowage.extender.yaml.NearestName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads prices from a YAML file with {@code currency}, {@code nodeHour} and {@code gpuHour}. */
public final class PriceFile {
  private static final List<String> KEYS = List.of("currency", "nodeHour", "gpuHour");
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private record Content(
      @Nullable String currency,
      @Nullable Map<String, Double> nodeHour,
      @Nullable Map<String, Double> gpuHour) {}

  private PriceFile() {}

  /** Reads a file; throws PriceFileException where it is not as expected. */
  public static GpuPrices read(Path file) throws PriceFileException {
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      Content content = MAPPER.readValue(text.isBlank() ? "{}" : text, Content.class);
      if (content == null || content.currency == null || content.currency.isBlank()) {
        throw new PriceFileException(file + ": currency: expected a name such as EUR, was none");
      }
      return new GpuPrices(
          content.currency,
          prices("nodeHour", content.nodeHour),
          prices("gpuHour", content.gpuHour));
    } catch (UnrecognizedPropertyException e) {
      throw new PriceFileException(
          "%s: unknown key '%s'; did you mean %s? There are %s"
              .formatted(
                  file,
                  e.getPropertyName(),
                  NearestName.of(e.getPropertyName(), KEYS).orElseThrow(),
                  String.join(", ", KEYS)));
    } catch (JacksonException e) {
      throw new PriceFileException(
          file + line(e) + ": expected prices by name: " + e.getOriginalMessage());
    } catch (IllegalArgumentException e) {
      throw new PriceFileException(file + ": " + e.getMessage());
    } catch (IOException e) {
      throw new PriceFileException(file + ": cannot be read: " + e);
    }
  }

  private static Map<String, Double> prices(String key, @Nullable Map<String, Double> prices) {
    Map<String, Double> known = prices == null ? Map.of() : prices;
    known.forEach(
        (name, price) -> {
          if (price == null) {
            throw new IllegalArgumentException(key + "." + name + ": expected a price, was none");
          }
        });
    return known;
  }

  private static String line(JacksonException e) {
    return e.getLocation() == null || e.getLocation().getLineNr() < 1
        ? ""
        : " line " + e.getLocation().getLineNr();
  }
}
