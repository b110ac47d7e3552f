package io.stowage.extender.check;

import io.stowage.extender.explain.Amounts;
import io.stowage.extender.observe.PlacementTrial.FreeGpus;
import io.stowage.extender.observe.PlacementTrial.Room;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What must be left of a cluster once pods have been placed. */
public sealed interface Bound {

  /**
   * Whether a bound holds.
   *
   * @param bound the bound, as it was asked for
   * @param kept whether it holds
   * @param sentence what is there, in a sentence without a full stop
   */
  record Outcome(String bound, boolean kept, String sentence) {}

  /**
   * Judges it.
   *
   * @throws InvalidCheckException where the cluster has no such GPUs at all
   */
  Outcome judge(Room before, Room after) throws InvalidCheckException;

  /**
   * At most so much more GPU is stranded than before.
   *
   * @param gpuMilli how much, in milli-GPU
   */
  record MaxStranded(long gpuMilli) implements Bound {
    private static final double MOST_GPUS = 1e6;

    /**
     * Returns the bound for a number of GPUs.
     *
     * @throws InvalidCheckException where it is none, is negative or above a million
     */
    public static MaxStranded of(double gpus) throws InvalidCheckException {
      if (!(gpus >= 0 && gpus <= MOST_GPUS)) {
        throw new InvalidCheckException(
            "--max-stranded: expected a number of GPUs from 0 to 1000000, was " + gpus);
      }
      return new MaxStranded(Math.round(gpus * 1000));
    }

    @Override
    public Outcome judge(Room before, Room after) {
      long milli = after.gpu().strandedMilli() - before.gpu().strandedMilli();
      return new Outcome(
          "--max-stranded " + Amounts.number(Amounts.gpus(gpuMilli)),
          milli <= gpuMilli,
          "%s GPUs are stranded, %s before"
              .formatted(
                  Amounts.number(Amounts.gpus(after.gpu().strandedMilli())),
                  Amounts.number(Amounts.gpus(before.gpu().strandedMilli()))));
    }
  }

  /**
   * There is still room for so many pods of so many GPUs, other resources left aside.
   *
   * @param gpus how many GPUs on one node, at least 1
   * @param model a word of their model's name, such as A100, or all of it; {@code any} for all
   * @param count how many such pods, at least 1
   */
  record MinFree(int gpus, String model, int count) implements Bound {
    private static final String ANY = "any";
    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,3})x([^:]+):([0-9]{1,6})");

    /**
     * Reads one, such as {@code 8xA100:1}.
     *
     * @throws InvalidCheckException where it is of another form
     */
    public static MinFree of(String text) throws InvalidCheckException {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new InvalidCheckException(
            "--min-free: expected GPUSxMODEL:COUNT such as 8xA100:1, was '" + text + "'");
      }
      return new MinFree(
          Integer.parseInt(matcher.group(1)), matcher.group(2), Integer.parseInt(matcher.group(3)));
    }

    @Override
    public Outcome judge(Room before, Room after) throws InvalidCheckException {
      List<FreeGpus> nodes = after.nodes().stream().filter(this::isOfModel).toList();
      if (nodes.isEmpty()) {
        TreeSet<String> models = new TreeSet<>();
        after.nodes().forEach(node -> models.add(node.model()));
        models.remove("");
        throw new InvalidCheckException(
            "--min-free: no node has GPUs of model '%s'; there are %s"
                .formatted(model, models.isEmpty() ? "none" : String.join(", ", models)));
      }
      int places = nodes.stream().filter(FreeGpus::open).mapToInt(node -> node.free() / gpus).sum();
      return new Outcome(
          "--min-free " + gpus + "x" + model + ":" + count,
          places >= count,
          Amounts.count(places, "place") + " of " + Amounts.count(gpus, "free GPU") + " left");
    }

    private boolean isOfModel(FreeGpus node) {
      return model.equals(ANY)
          || node.model().equals(model)
          || Arrays.asList(node.model().toLowerCase(Locale.ROOT).split("[-_ ]+", -1))
              .contains(model.toLowerCase(Locale.ROOT));
    }
  }
}
