package io.stowage.extender;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.PodRequests;
import io.stowage.extender.kube.Quantities;

/** Packages depend downwards only. */
@AnalyzeClasses(
    packages = "io.stowage.extender",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule arrowsPointDownwards =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("kube")
          .definedBy("..extender.kube..")
          .layer("names")
          .definedBy("..extender.names..")
          .layer("wire")
          .definedBy("..extender.wire..")
          .layer("device")
          .definedBy("..extender.device..")
          .layer("state")
          .definedBy("..extender.state..")
          .layer("leader")
          .definedBy("..extender.leader..")
          .layer("metrics")
          .definedBy("..extender.metrics..")
          .layer("bind")
          .definedBy("..extender.bind..")
          .layer("watch")
          .definedBy("..extender.watch..")
          .layer("explain")
          .definedBy("..extender.explain..")
          .layer("view")
          .definedBy("..extender.view..")
          .layer("events")
          .definedBy("..extender.events..")
          .layer("wake")
          .definedBy("..extender.wake..")
          .layer("nominate")
          .definedBy("..extender.nominate..")
          .layer("notice")
          .definedBy("..extender.notice..")
          .layer("planning")
          .definedBy("..extender.planning..")
          .layer("http")
          .definedBy("..extender.http..")
          .layer("page")
          .definedBy("..extender.page..")
          .layer("service")
          .definedBy("..extender.service..")
          .layer("config")
          .definedBy("..extender.config..")
          .layer("rights")
          .definedBy("..extender.rights..")
          .layer("snapshot")
          .definedBy("..extender.snapshot..")
          .layer("audit")
          .definedBy("..extender.audit..")
          .layer("observe")
          .definedBy("..extender.observe..")
          .layer("check")
          .definedBy("..extender.check..")
          .layer("yaml")
          .definedBy("..extender.yaml..")
          .layer("experiment")
          .definedBy("..extender.experiment..")
          .layer("schedulerconfig")
          .definedBy("..extender.schedulerconfig..")
          .layer("decisions")
          .definedBy("..extender.decisions..")
          .layer("room")
          .definedBy("..extender.room..")
          .layer("demo")
          .definedBy("..extender.demo..")
          .layer("cli")
          .definedBy("..extender.cli..")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("snapshot")
          .mayOnlyBeAccessedByLayers("experiment", "cli")
          .whereLayer("experiment")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("yaml")
          .mayOnlyBeAccessedByLayers("config", "schedulerconfig", "experiment", "observe", "cli")
          .whereLayer("schedulerconfig")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("decisions")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("audit")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("observe")
          .mayOnlyBeAccessedByLayers("room", "page", "check", "cli")
          .whereLayer("check")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("room")
          .mayOnlyBeAccessedByLayers("config", "cli")
          .whereLayer("demo")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("rights", "cli")
          .whereLayer("rights")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("service")
          .mayOnlyBeAccessedByLayers("config", "demo", "cli")
          .whereLayer("http")
          .mayOnlyBeAccessedByLayers("page", "service", "config")
          .whereLayer("page")
          .mayOnlyBeAccessedByLayers("config", "cli")
          .whereLayer("watch")
          .mayOnlyBeAccessedByLayers("config", "cli")
          .whereLayer("wake")
          .mayOnlyBeAccessedByLayers("config", "cli")
          .whereLayer("nominate")
          .mayOnlyBeAccessedByLayers("config", "cli")
          .whereLayer("explain")
          .mayOnlyBeAccessedByLayers("notice", "page", "observe", "check", "cli")
          .whereLayer("view")
          .mayOnlyBeAccessedByLayers("notice", "page", "room")
          .whereLayer("notice")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("planning")
          .mayOnlyBeAccessedByLayers("service", "config")
          .whereLayer("events")
          .mayOnlyBeAccessedByLayers("notice", "cli")
          .whereLayer("bind")
          .mayOnlyBeAccessedByLayers("http", "service", "demo", "cli")
          .whereLayer("leader")
          .mayOnlyBeAccessedByLayers(
              "bind", "metrics", "http", "service", "config", "rights", "cli")
          .whereLayer("metrics")
          .mayOnlyBeAccessedByLayers(
              "watch",
              "events",
              "wake",
              "nominate",
              "notice",
              "planning",
              "http",
              "page",
              "room",
              "service",
              "demo",
              "cli")
          .whereLayer("state")
          .mayOnlyBeAccessedByLayers(
              "decisions",
              "metrics",
              "bind",
              "watch",
              "wake",
              "nominate",
              "notice",
              "view",
              "planning",
              "http",
              "page",
              "room",
              "service",
              "config",
              "demo",
              "cli")
          .whereLayer("device")
          .mayOnlyBeAccessedByLayers("bind", "cli")
          .whereLayer("wire")
          .mayOnlyBeAccessedByLayers("http")
          .whereLayer("names")
          .mayOnlyBeAccessedByLayers("wire", "state", "http");

  /** The checker shares the reading of effective requests with the service and nothing else. */
  @ArchTest
  static final ArchRule theCheckerIsIndependent =
      noClasses()
          .that()
          .resideInAPackage("..extender.audit..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.stowage..")
                  .and(not(resideInAPackage("..extender.audit..")))
                  .and(
                      not(
                          belongToAnyOf(
                              PodRequests.class, Quantities.class, InvalidObjectException.class))));

  @ArchTest
  static final ArchRule packagesAreFreeOfCycles =
      slices().matching("io.stowage.extender.(*)..").should().beFreeOfCycles();
}
