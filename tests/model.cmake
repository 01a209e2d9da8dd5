# The slow model of the access rules, our own scenarios, random histories, and the model against the library.
find_package(nlohmann_json QUIET)
if(TARGET folkmoot_operation AND nlohmann_json_FOUND)
    add_library(folkmoot_model STATIC
        ${CMAKE_CURRENT_SOURCE_DIR}/model/judge.cpp
        ${CMAKE_CURRENT_SOURCE_DIR}/model/model.cpp
        ${CMAKE_CURRENT_SOURCE_DIR}/model/random_history.cpp
        ${CMAKE_CURRENT_SOURCE_DIR}/support/real_history.cpp
        ${CMAKE_CURRENT_SOURCE_DIR}/support/scenario.cpp
        ${PROJECT_SOURCE_DIR}/tools/moot/scenario_file.cpp)
    target_include_directories(folkmoot_model PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(folkmoot_model
        PUBLIC folkmoot_operation PRIVATE folkmoot_options nlohmann_json::nlohmann_json)

    file(GLOB model_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/model/*_test.cpp)
    add_executable(test_model ${model_tests})
    target_link_libraries(test_model PRIVATE folkmoot_test_support folkmoot_model)
    add_test(NAME model COMMAND test_model)
    set_tests_properties(model PROPERTIES TIMEOUT 600)

    if(TARGET folkmoot_access)
        add_executable(test_differential_access
            ${CMAKE_CURRENT_SOURCE_DIR}/model/comparison.cpp
            ${CMAKE_CURRENT_SOURCE_DIR}/property/differential_access_test.cpp)
        target_link_libraries(test_differential_access PRIVATE folkmoot_test_support folkmoot_model folkmoot_access)
        add_test(NAME differential_access COMMAND test_differential_access)
        set_tests_properties(differential_access PROPERTIES TIMEOUT 600)
        if(FOLKMOOT_SANITIZE)  # several times slower: other histories, and fewer
            set_tests_properties(differential_access PROPERTIES
                ENVIRONMENT "FOLKMOOT_SEEDS=5000;FOLKMOOT_SEED_START=20001")
        endif()

        file(GLOB law_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/property/laws*.cpp)
        add_executable(test_laws ${law_tests})
        target_link_libraries(test_laws PRIVATE folkmoot_test_support folkmoot_model folkmoot_access)
        add_test(NAME laws COMMAND test_laws)
        set_tests_properties(laws PROPERTIES TIMEOUT 600)
    endif()
endif()
