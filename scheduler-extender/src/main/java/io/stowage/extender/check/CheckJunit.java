package io.stowage.extender.check;

import io.stowage.extender.check.CheckReport.CheckedWorkload;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** A check as JUnit's XML: a test case for each workload and for each bound. */
public final class CheckJunit {
  private static final String BOUNDS = "bounds";

  private CheckJunit() {}

  /** Returns the document. */
  public static String of(CheckReport report) {
    StringWriter text = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(text);
      xml.writeStartDocument("UTF-8", "1.0");
      xml.writeStartElement("testsuite");
      xml.writeAttribute("name", "stowage check");
      xml.writeAttribute(
          "tests", String.valueOf(report.workloads().size() + report.bounds().size()));
      xml.writeAttribute("failures", String.valueOf(failures(report)));
      for (CheckedWorkload workload : report.workloads()) {
        Map<String, List<String>> failing = workload.failing(report.requirement());
        testCase(
            xml,
            workload.kind(),
            workload.namespace() + "/" + workload.name(),
            failing.entrySet().stream()
                .map(cause -> CheckText.waits(cause.getValue()) + ": " + cause.getKey())
                .collect(Collectors.joining("\n")));
      }
      for (Bound.Outcome bound : report.bounds()) {
        testCase(xml, BOUNDS, bound.bound(), bound.kept() ? "" : bound.sentence());
      }
      xml.writeEndElement();
      xml.writeEndDocument();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("text cannot be written to", e);
    }
    return text + "\n";
  }

  private static long failures(CheckReport report) {
    return report.workloads().stream()
            .filter(workload -> !workload.failing(report.requirement()).isEmpty())
            .count()
        + report.bounds().stream().filter(bound -> !bound.kept()).count();
  }

  private static void testCase(XMLStreamWriter xml, String suite, String name, String failure)
      throws XMLStreamException {
    xml.writeStartElement("testcase");
    xml.writeAttribute("classname", suite);
    xml.writeAttribute("name", name);
    if (!failure.isEmpty()) {
      xml.writeStartElement("failure");
      xml.writeAttribute("message", failure.lines().findFirst().orElse(""));
      xml.writeCharacters(failure);
      xml.writeEndElement();
    }
    xml.writeEndElement();
  }
}
