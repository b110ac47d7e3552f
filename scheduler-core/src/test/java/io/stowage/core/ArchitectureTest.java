package io.stowage.core;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import org.jspecify.annotations.NullMarked;

/** What the core may depend on, and which way its packages point. */
@AnalyzeClasses(packages = "io.stowage.core", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final Set<String> CLOCKS =
      Set.of(
          "java.lang.System#currentTimeMillis",
          "java.lang.System#nanoTime",
          "java.time.Clock#systemUTC",
          "java.time.Clock#systemDefaultZone");

  private static final Set<String> ALWAYS_UNSEEDED =
      Set.of(
          "java.lang.Math#random",
          "java.util.UUID#randomUUID",
          "java.util.concurrent.ThreadLocalRandom#current",
          "java.security.SecureRandom#<init>",
          "java.util.random.RandomGenerator#getDefault");

  private static final Set<String> UNSEEDED_WITHOUT_SOURCE =
      Set.of(
          "java.util.Random#<init>",
          "java.util.SplittableRandom#<init>",
          "java.util.Collections#shuffle");

  @ArchTest
  static final ArchRule onlyTheJdkAndNullnessAnnotationsAreUsed =
      classes()
          .that()
          .resideOutsideOfPackages(
              "io.stowage.core.trace..", "io.stowage.core.plan.solver..", "io.stowage.core.bound..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("io.stowage.core..", "java..", "org.jspecify.annotations..");

  @ArchTest
  static final ArchRule tracesMayReadCsvToo =
      classes()
          .that()
          .resideInAPackage("io.stowage.core.trace..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "io.stowage.core..",
              "java..",
              "org.jspecify.annotations..",
              "org.apache.commons.csv..");

  @ArchTest
  static final ArchRule onlyTheSolverPackageKnowsTheSolver =
      classes()
          .that()
          .resideInAPackage("io.stowage.core.plan.solver..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "io.stowage.core..", "java..", "org.jspecify.annotations..", "org.optaplanner..");

  @ArchTest
  static final ArchRule boundsMayAskALinearProgramSolverToo =
      classes()
          .that()
          .resideInAPackage("io.stowage.core.bound..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "io.stowage.core..", "java..", "org.jspecify.annotations..", "org.ojalgo..");

  @ArchTest
  static final ArchRule theCheckerOfBoundsKnowsNeitherSolverNorSearch =
      noClasses()
          .that()
          .haveNameMatching("io\\.stowage\\.core\\.bound\\.CertificateChecker.*")
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "org\\.ojalgo\\..*|io\\.stowage\\.core\\.bound\\."
                  + "(ColumnGeneration|MasterProblem|PackingSearch|PackingTables|Grid|Packing|Prices)(\\$.*)?");

  @ArchTest
  static final ArchRule packagesPointDownwards =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("cluster")
          .definedBy("io.stowage.core.cluster..")
          .layer("fit")
          .definedBy("io.stowage.core.fit..")
          .layer("fragmentation")
          .definedBy("io.stowage.core.fragmentation..")
          .layer("forecast")
          .definedBy("io.stowage.core.forecast..")
          .layer("plan")
          .definedBy("io.stowage.core.plan..")
          .layer("policy")
          .definedBy("io.stowage.core.policy..")
          .layer("bound")
          .definedBy("io.stowage.core.bound..")
          .layer("trace")
          .definedBy("io.stowage.core.trace..")
          .layer("replay")
          .definedBy("io.stowage.core.replay..")
          .ensureAllClassesAreContainedInArchitecture()
          .whereLayer("cluster")
          .mayNotAccessAnyLayer()
          .whereLayer("fit")
          .mayOnlyAccessLayers("cluster")
          .whereLayer("fragmentation")
          .mayOnlyAccessLayers("cluster", "fit")
          .whereLayer("forecast")
          .mayOnlyAccessLayers("cluster")
          .whereLayer("plan")
          .mayOnlyAccessLayers("cluster", "fit", "fragmentation", "forecast")
          .whereLayer("policy")
          .mayOnlyAccessLayers("cluster", "fit", "fragmentation", "forecast", "plan")
          .whereLayer("bound")
          .mayOnlyAccessLayers("cluster")
          .whereLayer("trace")
          .mayOnlyAccessLayers("cluster")
          .whereLayer("replay")
          .mayOnlyAccessLayers(
              "cluster", "fit", "fragmentation", "plan", "policy", "bound", "trace");

  @ArchTest
  static final ArchRule packagesAreFreeOfCycles =
      slices().matching("io.stowage.core.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noClockIsRead =
      noClasses()
          .should()
          .accessTargetWhere(
              describe(
                  "a clock is read",
                  access ->
                      CLOCKS.contains(calledBy(access))
                          || (calledBy(access).startsWith("java.time.")
                              && calledBy(access).endsWith("#now"))));

  @ArchTest
  static final ArchRule noRandomnessIsDrawnThatWasNotHandedIn =
      noClasses()
          .should()
          .accessTargetWhere(
              describe(
                  "randomness without a seed is drawn",
                  access ->
                      ALWAYS_UNSEEDED.contains(calledBy(access))
                          || (UNSEEDED_WITHOUT_SOURCE.contains(calledBy(access))
                              && parameterCountOf(access)
                                  == (calledBy(access).endsWith("#shuffle") ? 1 : 0))));

  @ArchTest
  static final ArchRule everyPackageIsNullMarked =
      classes().should(resideInAPackageThatIsNullMarked());

  private static String calledBy(JavaAccess<?> access) {
    return access.getTargetOwner().getFullName() + "#" + access.getName();
  }

  private static int parameterCountOf(JavaAccess<?> access) {
    return access.getTarget() instanceof CodeUnitAccessTarget target
        ? target.getRawParameterTypes().size()
        : -1;
  }

  private static ArchCondition<JavaClass> resideInAPackageThatIsNullMarked() {
    return new ArchCondition<>("reside in a package that is @NullMarked") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        boolean marked = javaClass.getPackage().isAnnotatedWith(NullMarked.class);
        events.add(
            new SimpleConditionEvent(
                javaClass, marked, javaClass.getPackageName() + " is not @NullMarked"));
      }
    };
  }
}
